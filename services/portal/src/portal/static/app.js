// What pages need beyond htmx: a sentence when the portal cannot be reached.
document.addEventListener("htmx:sendError", function () {
  document.getElementById("trouble").textContent =
    "The connection is gone for the moment. Check your network; what you typed is still here, send it again.";
});
document.addEventListener("htmx:afterRequest", function (event) {
  if (event.detail.successful) document.getElementById("trouble").textContent = "";
});
