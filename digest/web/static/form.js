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

// Topics: a field that filters them, and how many are chosen.
const find = document.getElementById("topic-find");
if (find) {
  document.getElementById("topic-search").hidden = false;
  const chips = [...document.querySelectorAll("#topics .chip")];
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    for (const chip of chips) {
      chip.hidden = !chip.textContent.toLowerCase().includes(wanted) && !chip.querySelector("input").checked;
    }
    for (const group of document.querySelectorAll("#topics fieldset")) {
      group.hidden = !group.querySelector(".chip:not([hidden])");
    }
  });
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  document.getElementById("topics").addEventListener("change", () => {
    const chosen = chips.filter((chip) => chip.querySelector("input").checked).length;
    document.getElementById("topics-count").textContent = chosen ? `${chosen} chosen` : "";
  });
}

// A page that waits for something asks again by itself.
const again = document.querySelector("[data-refresh]");
if (again) setTimeout(() => location.assign(again.href), 2000);
