// Dialogs that the server draws: test run and publish.
import { settled } from "./changes.js"
import { flush } from "./panel.js"

export async function openDialog(url) {
  flush()
  await settled()
  await htmx.ajax("GET", url, { source: "#dialogs", target: "#dialogs", swap: "innerHTML" })
}
