/* A one-time link carries its ticket behind the #, which no server or log ever sees: it goes with the form alone. */
(function () {
  "use strict";
  const ticket = document.getElementById("welcome-ticket");
  const kept = window.location.hash.slice(1) || window.sessionStorage.getItem("ticket") || "";
  ticket.value = kept;
  if (window.location.hash) {
    /* Kept for a second try when the password was refused, and gone with the tab. */
    window.sessionStorage.setItem("ticket", kept);
    window.history.replaceState(null, "", "/welcome");
  }
})();
