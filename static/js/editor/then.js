// “Then…”: what is to be done with a value, by choosing instead of writing.
import { split } from "./expressions.js"
import { pill as newPill } from "./token-field.js"

const menu = document.getElementById("then")
let open = null // { pill, field }

export function openThen(pill, field) {
  if (!menu) return
  open = { pill, field }
  const { path, pipes } = split(pill.dataset.code)
  document.getElementById("then-name").textContent = pill.querySelector(".token__name").textContent
  document.getElementById("then-path").textContent = path
  for (const button of menu.querySelectorAll("[data-pipe]")) {
    button.setAttribute("aria-pressed", String(pipes.includes(button.dataset.pipe)))
  }
  const given = pipes.find((pipe) => pipe.startsWith("default("))
  document.getElementById("then-empty").value = given?.slice(8, -1).replace(/^['"]|['"]$/g, "") ?? ""
  pill.classList.add("token--open")
  menu.showPopover({ source: pill })
  if (!CSS.supports("position-area: block-end")) putBelow(pill)
}

function putBelow(pill) {
  const box = pill.getBoundingClientRect()
  menu.style.setProperty("left", `${Math.max(8, Math.min(box.left, innerWidth - menu.offsetWidth - 8))}px`)
  menu.style.setProperty("top", `${Math.min(box.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`)
}

export function togglePipe(button) {
  const { pipe } = button.dataset
  const isOn = button.getAttribute("aria-pressed") === "true"
  button.setAttribute("aria-pressed", String(!isOn))
  rewrite((pipes) => (isOn ? pipes.filter((one) => one !== pipe) : [...pipes, pipe]))
}

function rewrite(change) {
  const { path, pipes } = split(open.pill.dataset.code)
  const fresh = newPill([path, ...change(pipes)].join(" | "))
  fresh.classList.add("token--open")
  open.pill.replaceWith(fresh)
  open.pill = fresh
  open.field.sync()
}

export function removeValue() {
  open.pill.remove()
  open.field.sync()
  menu.hidePopover()
  open.field.editor.focus()
}

menu?.addEventListener("submit", (event) => {
  event.preventDefault()
  useIfEmpty()
  menu.hidePopover()
})
menu?.addEventListener("change", useIfEmpty)

function useIfEmpty() {
  const text = document.getElementById("then-empty").value
  const others = (pipes) => pipes.filter((pipe) => !pipe.startsWith("default("))
  const quoted = `default('${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}')`
  rewrite((pipes) => (text ? [...others(pipes), quoted] : others(pipes)))
}

menu?.addEventListener("toggle", (event) => {
  if (event.newState === "closed") open?.pill.classList.remove("token--open")
})
