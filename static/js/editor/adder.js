// The list of steps behind every +: opens at a place, searches while one types.
import { operate } from "./changes.js"
import { card, selectedId } from "./cards.js"
import { dropMoving, isMoving } from "./moving.js"

const TYPING = 80 // milliseconds

const adder = document.getElementById("adder")
const search = document.getElementById("adder-search")
let place = ""
let kind = ""
let timer = 0

export const isOpen = () => adder?.matches(":popover-open") ?? false

export function openAdder(button) {
  const target = button.closest("[data-at]")
  if (isMoving()) return dropMoving(target)
  open(button, target.dataset.at, target.dataset.name)
}

// From the “Steps” button and “/”: after the selected card, else at the end.
export function openLibrary(button) {
  const target = placeAfter(selectedId())
  open(button, target.dataset.at, target.dataset.name)
}

export function placeAfter(id) {
  if (id === "start") return document.querySelector("#flow [data-at='root:']")
  const after = id && document.getElementById(`place-${id}`)
  return after || [...document.querySelectorAll("#steps-root > li > [data-at], #start-root [data-at]")].at(-1)
}

function open(button, at, name) {
  place = at
  document.getElementById("adder-where").replaceChildren("Add ", bold(name))
  adder.showPopover({ source: button })
  if (!CSS.supports("position-area: inline-end")) putBeside(button)
  for (const other of document.querySelectorAll(".place__add[aria-expanded]")) other.removeAttribute("aria-expanded")
  button.setAttribute("aria-expanded", "true")
  search.value = ""
  kind = ""
  markKind()
  list()
  search.focus()
}

function bold(text) {
  const element = document.createElement("b")
  element.textContent = text
  return element
}

function putBeside(button) {
  const box = button.getBoundingClientRect()
  const left = Math.min(box.right + 14, innerWidth - adder.offsetWidth - 8)
  const top = Math.max(8, Math.min(box.top, innerHeight - adder.offsetHeight - 8))
  adder.style.setProperty("left", `${Math.max(8, left)}px`)
  adder.style.setProperty("top", `${top}px`)
}

async function list() {
  const box = document.getElementById("adder-list")
  const query = new URLSearchParams({ q: search.value, kind })
  await htmx.ajax("GET", `${box.dataset.source}?${query}`, { source: "#adder-list", target: "#adder-list", swap: "innerHTML" })
  point(0)
}

const offers = () => [...adder.querySelectorAll(".offer")]

function point(to) {
  const all = offers()
  if (!all.length) return search.removeAttribute("aria-activedescendant")
  const at = (to + all.length) % all.length
  for (const [index, offer] of all.entries()) offer.setAttribute("aria-selected", String(index === at))
  all[at].scrollIntoView({ block: "nearest" })
  search.setAttribute("aria-activedescendant", all[at].id)
}

export function pickOffer(offer) {
  adder.hidePopover()
  operate({ op: "insert", type: offer.dataset.type, at: place })
}

export function pickKind(button) {
  kind = button.dataset.kind
  markKind()
  list()
  search.focus()
}

function markKind() {
  for (const button of adder.querySelectorAll(".adder__kind")) {
    button.setAttribute("aria-pressed", String(button.dataset.kind === kind))
  }
}

search?.addEventListener("input", () => {
  clearTimeout(timer)
  timer = setTimeout(list, TYPING)
})
search?.addEventListener("keydown", (event) => {
  const now = offers().findIndex((offer) => offer.getAttribute("aria-selected") === "true")
  if (event.key === "ArrowDown") point(now + 1)
  else if (event.key === "ArrowUp") point(now - 1)
  else if (event.key === "Enter" && now >= 0) pickOffer(offers()[now])
  else return
  event.preventDefault()
})
adder?.addEventListener("toggle", (event) => {
  if (event.newState !== "closed") return
  const button = document.querySelector(".place__add[aria-expanded], #steps-button[aria-expanded]")
  button?.removeAttribute("aria-expanded")
  if (document.activeElement === document.body) (card(selectedId()) ?? button)?.querySelector?.(".card__main")?.focus()
})
