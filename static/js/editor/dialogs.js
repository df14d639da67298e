// Dialogs that the server draws: test run and publish. What was typed for publishing outlives its
// dialog: who looks at a warning comes back to it.
import { settled } from "./changes.js"
import { flush } from "./panel.js"

const kept = new Map() // name of a field → what was typed

document.addEventListener("input", ({ target }) => {
  if (target.closest("#publication")) kept.set(target.name, target.value)
})

export async function openDialog(url) {
  flush()
  await settled()
  await htmx.ajax("GET", url, { source: "#dialogs", target: "#dialogs", swap: "innerHTML" })
  for (const [name, value] of kept) {
    const field = document.querySelector(`#publication [name="${CSS.escape(name)}"]`)
    if (field && !field.value) field.value = value
  }
}
