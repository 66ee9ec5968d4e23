/* The address bar, and the link on the clipboard. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { set, say, answer } = page;

  async function copy(path) {
    const address = new URL(path, window.location.origin).href;
    try {
      await navigator.clipboard.writeText(address);
      say("Link copied");
    } catch {
      // Without a secure connection or a permission the browser lets no page write: the person copies it themselves.
      const field = Object.assign(document.createElement("input"), { value: address, readOnly: true });
      field.setAttribute("aria-label", "Link to copy");
      field.className = "form-control form-control-sm";
      say("Copy this link: ", field);
      field.select();
    }
  }

  answer("report", {
    address(data) {
      if (!data) return;
      // Another report has no fresh one beside it yet.
      if (page.comparing()) set("again-panel", { className: "again is-closed" });
      if (data.title) document.title = `${data.title} · Customer Dynamics`;
      if (data.first) return; // opened anew, the page answers anew
      const path = `/view?id=${data.link}`;
      if (window.location.pathname + window.location.search !== path) window.history.pushState(null, "", path);
    },
    copied(data) {
      if (data) copy(data.path);
    },
  });
})();
