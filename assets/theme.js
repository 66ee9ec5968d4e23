/* Decides before the first paint how the page looks: served in the document's head, ahead of everything. */
(function () {
  "use strict";
  const key = "customer-dynamics-theme";
  const chosen = () => {
    try {
      return localStorage.getItem(key) || "system";
    } catch (blocked) {
      return "system";
    }
  };
  const paint = (choice) => {
    try {
      localStorage.setItem(key, choice);
    } catch (blocked) {
      /* private windows may forbid it: the choice then lasts as long as the page */
    }
    const dark = choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
    const theme = dark ? "dark" : "light";
    document.documentElement.setAttribute("data-bs-theme", theme);
    document.documentElement.style.colorScheme = theme;
    return theme;
  };
  window.customerDynamicsTheme = { chosen, paint };
  paint(chosen());
  // A link is opened: the page keeps the report's place free instead of showing a form that folds away at once.
  if (location.pathname.replace(/\/$/, "") === "/view") document.documentElement.classList.add("opening");
})();
