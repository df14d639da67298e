// Steps on the clipboard, as the JSON that workflow files hold.
import { announce, operate } from "./changes.js"
import { idOf, nameOf } from "./cards.js"
import { placeAfter } from "./adder.js"

export async function copyStep(id) {
  const answer = await fetch(`${document.getElementById("changes").dataset.steps}${id}/text`)
  if (!answer.ok) return
  await navigator.clipboard?.writeText(await answer.text())
  announce(`Copied ${nameOf(id)}`)
}

document.addEventListener("copy", (event) => {
  const id = idOf(document.activeElement)
  if (!document.activeElement.closest(".card") || id === "start" || String(getSelection())) return
  event.preventDefault()
  copyStep(id)
})

document.addEventListener("paste", (event) => {
  if (event.target.closest?.("input, textarea, [contenteditable=true], dialog")) return
  const text = event.clipboardData.getData("text/plain")
  if (!/^\s*\{[^]*"type"/.test(text) || !document.getElementById("adder")) return
  event.preventDefault()
  const id = document.activeElement.closest(".card") ? idOf(document.activeElement) : ""
  operate({ op: "paste", step: text, at: placeAfter(id).dataset.at })
})
