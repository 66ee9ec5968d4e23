/* Popovers: Info and Columns. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by } = page;

  function toggle(button, panel, open) {
    if (!button || !panel) return;
    button.setAttribute("aria-expanded", String(open));
    panel.classList.toggle("is-open", open);
    panel.hidden = !open;
    if (open) keepInside(panel);
  }

  function keepInside(panel) {
    panel.style.removeProperty("--shift");
    const box = panel.getBoundingClientRect();
    const over = box.right - (document.documentElement.clientWidth - 8);
    const under = 8 - box.left;
    if (over > 0) panel.style.setProperty("--shift", `${-over}px`);
    else if (under > 0) panel.style.setProperty("--shift", `${under}px`);
  }

  const POPOVERS = { "report-info": "report-info-text", "report-columns": "report-columns-panel" };

  document.addEventListener("click", (event) => {
    for (const [buttonId, panelId] of Object.entries(POPOVERS)) {
      const [button, panel] = [by(buttonId), by(panelId)];
      if (!button || !panel) continue;
      if (button.contains(event.target)) {
        const open = panel.hidden || (buttonId === "report-info" && button.dataset.by !== "click");
        button.dataset.by = "click";
        toggle(button, panel, open);
      } else if (!panel.contains(event.target)) {
        toggle(button, panel, false);
        delete button.dataset.by;
      }
    }
  });

  /* On a narrow screen the tools are behind one button. */
  function showTools(open) {
    by("report-tools").classList.toggle("is-open", open);
    by("report-tools-open").setAttribute("aria-expanded", String(open));
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#report-tools-open")) showTools(!by("report-tools").classList.contains("is-open"));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const tools = by("report-tools");
    if (tools && tools.classList.contains("is-open") && tools.contains(document.activeElement) && !tools.querySelector(".show, .is-open")) {
      showTools(false);
      by("report-tools-open").focus();
    }
    page.hideTip();
    for (const [buttonId, panelId] of Object.entries(POPOVERS)) {
      const [button, panel] = [by(buttonId), by(panelId)];
      if (!panel || panel.hidden) continue;
      const inside = panel.contains(document.activeElement);
      toggle(button, panel, false);
      delete button.dataset.by;
      if (inside) button.focus();
    }
  });

  /* Info shows itself to the pointer and to focus too, and stays while either is there. */
  function attachInfo() {
    const button = by("report-info");
    if (!button || button.dataset.attached) return;
    button.dataset.attached = "yes";
    const anchor = button.parentElement;
    const panel = by("report-info-text");
    const open = (event) => {
      if (event.pointerType !== "touch" && panel.hidden) {
        button.dataset.by = "hover";
        toggle(button, panel, true);
      }
    };
    const close = () => {
      if (button.dataset.by !== "click" && !anchor.matches(":hover, :focus-within")) toggle(button, panel, false);
    };
    anchor.addEventListener("pointerenter", open);
    anchor.addEventListener("focusin", () => {
      if (button.matches(":focus-visible")) open({});
    });
    anchor.addEventListener("pointerleave", close);
    anchor.addEventListener("focusout", () => setTimeout(close));
  }

  Object.assign(page, { attachInfo });
})();
