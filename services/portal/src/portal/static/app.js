// What pages need beyond htmx: a sentence when the portal cannot be reached.
document.addEventListener("htmx:sendError", function () {
  document.getElementById("trouble").textContent =
    "The connection is gone for the moment. Check your network; what you typed is still here, send it again.";
});
document.addEventListener("htmx:afterRequest", function (event) {
  if (event.detail.successful) document.getElementById("trouble").textContent = "";
});
// A link in a mail carries its secret in the fragment, which no server sees: it goes into the form, and out of the address.
(function () {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  const input = document.querySelector("input[name=token]");
  if (!token || !input) return;
  input.value = token;
  input.closest(".field").hidden = true;
  history.replaceState(null, "", location.pathname);
})();
