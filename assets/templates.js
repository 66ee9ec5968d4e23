/* The template dialog is the browser's own: it keeps the focus inside, closes with Escape and gives the focus back. */
(function () {
  "use strict";

  const templates = {
    follow(opened) {
      const dialog = document.getElementById("templates-dialog");
      if (!opened || !dialog) return undefined;
      if (!opened.open) {
        if (dialog.open) dialog.close();
        return undefined;
      }
      dialog.classList.toggle("editing", Boolean(opened.editing));
      if (!dialog.open) dialog.showModal();
      requestAnimationFrame(() => {
        const title = document.getElementById("templates-title");
        title.focus();
        title.select();
      });
      return undefined;
    },
    /* Columns and charts of the default template; a link shows what was on the page when it was copied. */
    bring(brought, view) {
      const none = window.dash_clientside.no_update;
      if (!brought || window.location.pathname.replace(/\/$/, "") === "/view") return [none, none];
      return [brought.columns ? { ...view, columns: brought.columns } : none, brought.charts || none];
    },
    shut: () => ({ open: false, at: Date.now() }),
    hide: () => true,
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, { templates });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || event.isComposing) return;
    if (event.target.id !== "templates-title") return;
    event.preventDefault();
    setTimeout(() => document.getElementById("templates-submit").click(), 60);
  });
})();
