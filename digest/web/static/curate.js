// The curators' queue by keyboard; each step works without a script too.
"use strict";
const proposals = [...document.querySelectorAll("[data-proposal]")];
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (!proposals.length || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const at = proposals.findIndex((each) => each.contains(document.activeElement));
  const here = proposals[Math.max(at, 0)];
  const steps = {
    j: () => proposals[Math.min(at + 1, proposals.length - 1)].focus(),
    k: () => proposals[Math.max(at - 1, 0)].focus(),
    a: () => here.querySelector("[data-accept]").click(),
    r: () => here.querySelector("[data-reason]").focus(),
  };
  if (steps[event.key]) {
    event.preventDefault();
    steps[event.key]();
  }
});
