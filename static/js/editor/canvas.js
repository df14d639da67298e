// Zoom, pan and the first view. The canvas is a native scroll container; the zoom is one number
// in a custom property of the flow.
import { card, flow, selectedId } from "./cards.js"

const SMALLEST = 0.25
const LARGEST = 1.6
const FIRST_SMALLEST = 0.8
const MARGIN = 48

const canvas = document.getElementById("canvas")
let zoom = 1
let pan = null
let isSpaceDown = false

export const larger = () => zoomTo(Math.round((zoom + 0.1) * 10) / 10)
export const smaller = () => zoomTo(Math.round((zoom - 0.1) * 10) / 10)
export const isPanning = () => pan !== null

export function zoomTo(wished, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const before = zoom
  zoom = Math.min(LARGEST, Math.max(SMALLEST, wished))
  const left = ((canvas.scrollLeft + x) / before) * zoom - x
  const top = ((canvas.scrollTop + y) / before) * zoom - y
  apply()
  canvas.scrollTo(left, top)
}

export function fit() {
  const size = extent()
  const wished = Math.min((canvas.clientWidth - MARGIN) / size.width, (canvas.clientHeight - MARGIN) / size.height, 1)
  zoomTo(wished)
  centre()
}

function apply() {
  flow().style.setProperty("--zoom", zoom)
  const words = document.getElementById("zoom")
  if (words) words.textContent = `${Math.round(zoom * 100)} %`
}

// What the steps take up at 100 %.
function extent() {
  const boxes = [...flow().querySelectorAll(".card, .loop, .flow__end")].map((box) => box.getBoundingClientRect())
  const width = Math.max(...boxes.map((box) => box.right)) - Math.min(...boxes.map((box) => box.left))
  const height = Math.max(...boxes.map((box) => box.bottom)) - Math.min(...boxes.map((box) => box.top))
  return { width: width / zoom + 24, height: height / zoom + 24 }
}

function centre() {
  const shown = card(selectedId()) ?? document.getElementById("card-start")
  if (selectedId() && selectedId() !== "start") shown.scrollIntoView({ block: "center", inline: "center" })
  else canvas.scrollTo((canvas.scrollWidth - canvas.clientWidth) / 2, 0)
}

function begin() {
  if (matchMedia("(max-width: 760px)").matches) return
  zoomTo(Math.max(FIRST_SMALLEST, Math.min(1, (canvas.clientWidth - MARGIN) / extent().width)))
  centre()
}

canvas.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return
  event.preventDefault()
  const box = canvas.getBoundingClientRect()
  zoomTo(zoom * Math.exp(-event.deltaY * 0.0022), event.clientX - box.left, event.clientY - box.top)
}, { passive: false })

canvas.addEventListener("pointerdown", (event) => {
  const isBackground = !event.target.closest(".card, .place__add, .path__label, .flow__end, .pager, button, a")
  const isWished = event.button === 1 || (event.button === 0 && (isSpaceDown || isBackground))
  if (!isWished || event.pointerType === "touch") return
  pan = { x: event.clientX, y: event.clientY, left: canvas.scrollLeft, top: canvas.scrollTop }
})
addEventListener("pointermove", (event) => {
  if (!pan) return
  canvas.classList.add("is-panning")
  canvas.scrollTo(pan.left - (event.clientX - pan.x), pan.top - (event.clientY - pan.y))
})
addEventListener("pointerup", () => {
  pan = null
  canvas.classList.remove("is-panning")
})
addEventListener("keydown", (event) => {
  if (event.key === " " && event.target === document.body) isSpaceDown = true
})
addEventListener("keyup", (event) => {
  if (event.key === " ") isSpaceDown = false
})
document.addEventListener("htmx:after:swap", () => {
  if (flow().style.getPropertyValue("--zoom") !== String(zoom)) apply()
})
begin()
