// Cards: which one is selected, which one has the focus, and the way from one to the next.
import { settled } from "./changes.js"
import { flush } from "./panel.js"

let asked = 0

const page = () => document.getElementById("changes").dataset.page
export const flow = () => document.getElementById("flow")
export const cards = () => [...flow().querySelectorAll(".card[data-step]")]
export const card = (id) => document.getElementById(`card-${id}`)
export const idOf = (element) => element.closest("[data-step]")?.dataset.step ?? ""
export const selectedId = () => flow().querySelector(".card--selected")?.dataset.step ?? ""
export const nameOf = (id) => card(id)?.querySelector(".card__name")?.textContent.trim() ?? id

export function mark(id) {
  for (const old of flow().querySelectorAll(".card--selected")) {
    old.classList.remove("card--selected")
    old.querySelector(".card__main").removeAttribute("aria-current")
  }
  const found = id ? card(id) : null
  found?.classList.add("card--selected")
  found?.querySelector(".card__main").setAttribute("aria-current", "true")
}

// Only one card is in the tab order: the one that had the focus last.
export function focusCard(id, { scroll = true } = {}) {
  const main = card(id)?.querySelector(".card__main")
  if (!main) return
  for (const other of flow().querySelectorAll(".card__main[tabindex='0']")) other.tabIndex = -1
  main.tabIndex = 0
  main.focus({ preventScroll: true })
  if (scroll) card(id).scrollIntoView({ block: "nearest", inline: "nearest" })
}

export async function select(id, { tab = "", focus = true } = {}) {
  const mine = ++asked
  mark(id)
  if (focus) focusCard(id)
  flush()
  await settled()
  if (mine !== asked) return
  mark(id) // what was saved meanwhile has marked its own card
  const url = addressOf(id, { tab })
  history.replaceState(history.state, "", url)
  await htmx.ajax("GET", url, { source: "#canvas", target: "#panel", swap: "outerHTML" })
  // On phones the panel is a sheet over the lower part of the canvas.
  if (matchMedia("(max-width: 760px)").matches) card(id)?.scrollIntoView({ block: "start" })
}

export async function closePanel() {
  const id = selectedId()
  asked += 1
  flush()
  await settled()
  mark("")
  const panel = document.getElementById("panel")
  panel.hidden = true
  panel.replaceChildren()
  history.replaceState(history.state, "", addressOf(""))
  if (id) focusCard(id)
}

// One turn of a loop, in a run.
export async function showTurn(loop, item) {
  const url = new URL(addressOf(selectedId()), location.href)
  const kept = url.searchParams.getAll("turn").filter((turn) => !turn.startsWith(`${loop}:`))
  url.searchParams.delete("turn")
  for (const turn of [...kept, `${loop}:${item}`]) url.searchParams.append("turn", turn)
  history.replaceState(history.state, "", url)
  await htmx.ajax("GET", url.pathname + url.search, { source: "#canvas", target: "#flow", swap: "outerMorph" })
}

export function addressOf(id, { tab = "" } = {}) {
  const kept = new URLSearchParams(location.search)
  kept.delete("step")
  kept.delete("tab")
  if (id) kept.set("step", id)
  if (tab) kept.set("tab", tab)
  const query = kept.toString()
  return page() + (query ? `?${query}` : "")
}

// The card that lies in a direction: in reading order, or beside in the neighbouring path.
export function towards(from, key) {
  const all = cards()
  const at = all.indexOf(from)
  if (key === "ArrowDown") return all[at + 1]
  if (key === "ArrowUp") return all[at - 1]
  if (key === "Home") return all[0]
  if (key === "End") return all.at(-1)
  const here = from.getBoundingClientRect()
  const side = key === "ArrowRight" ? 1 : -1
  const distance = (other) => {
    const there = other.getBoundingClientRect()
    return Math.abs(there.left - here.left) + 2 * Math.abs(there.top - here.top)
  }
  const beside = (other) => side * (other.getBoundingClientRect().left - here.left) > 20
  return all.filter(beside).sort((a, b) => distance(a) - distance(b))[0]
}

document.addEventListener("flow:changed", (event) => {
  const { focus, selected } = event.detail
  mark(selected)
  const active = document.activeElement
  const isBusy = active?.closest("#panel, dialog, #adder:popover-open") && active.isConnected
  if (focus && !isBusy) focusCard(focus)
})
