// What pages do better with a script; each works without. The zone of this browser instead of UTC, the summary
// of mistakes in focus, and fields told apart that have a mistake while somebody types.
"use strict";
const zone = document.getElementById("timezone");
if (zone && zone.value === "UTC" && document.getElementById("signup")) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
document.getElementById("summary")?.focus();
document.addEventListener("htmx:afterSettle", () => {
  for (const field of document.querySelectorAll("#signup textarea")) {
    const wrong = document.getElementById(`${field.name}-mistakes`).childElementCount > 0;
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
});
