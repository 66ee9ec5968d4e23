/* The theme. "system" follows the person's own setting as it changes. assets/theme.js, in the document's head, has
 * painted it before this runs. */
(function () {
  "use strict";

  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const page = {
    /* The switch shows what this browser keeps. */
    startTheme() {
      const choice = window.customerDynamicsTheme.chosen();
      return [choice, window.customerDynamicsTheme.paint(choice)];
    },
    paintTheme: (choice) => window.customerDynamicsTheme.paint(choice),
  };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { page });

  dark.addEventListener("change", () => {
    if (window.customerDynamicsTheme.chosen() !== "system") return;
    window.dash_clientside.set_props("theme-store", { data: window.customerDynamicsTheme.paint("system") });
  });
})();
