// What pages do better with a script; each works without. The zone of this browser instead of UTC, and the
// summary of mistakes in focus.
"use strict";
const zone = document.getElementById("timezone");
if (zone && zone.value === "UTC" && document.getElementById("signup")) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
document.getElementById("summary")?.focus();
