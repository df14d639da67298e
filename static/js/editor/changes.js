// All changes, one after the other: each is sent with the revision that the one before left
// behind. What could not be sent is tried again, and never forgotten while the page is open.
const WAITS = [1000, 2000, 5000, 10000, 20000]
const TRANSIENT = [0, 502, 503, 504]

let tail = Promise.resolve()
let waiting = 0
let retryNow = null

const source = () => document.getElementById("changes")
export const settled = () => tail
export const selectedNow = () => new URLSearchParams(location.search).get("step") ?? ""

// An operation on the tree of steps; what is still being typed is saved before it.
export function operate(values) {
  document.dispatchEvent(new Event("editor:leaving"))
  return send(source().getAttribute("action"), { tab: currentTab(), ...values })
}

// Any change; `values` may be a function, asked when its turn has come.
export function send(url, values) {
  waiting += 1
  say("Saving…", "saving")
  tail = tail.then(() => deliver(url, values)).finally(() => (waiting -= 1))
  return tail
}

async function deliver(url, values) {
  const given = typeof values === "function" ? values() : values
  for (let tries = 0; ; tries += 1) {
    const revision = document.getElementById("revision")?.value ?? ""
    const status = await post(url, { selected: selectedNow(), ...given, revision })
    if (!TRANSIENT.includes(status)) return finish(status)
    await pause(WAITS[Math.min(tries, WAITS.length - 1)])
  }
}

function post(url, values) {
  const form = source()
  return new Promise((resolve) => {
    const done = (event) => resolve(event.detail.ctx.response?.status ?? 0)
    form.addEventListener("htmx:finally:request", done, { once: true })
    htmx.ajax("POST", url, { source: form, target: form, swap: "none", values })
  })
}

function finish(status) {
  if (status >= 400 && status !== 409) say("Not saved", "not")
  else if (waiting <= 1 && document.querySelector("#saved[data-state=saving]")) say("Saved", "saved")
  return status
}

function pause(milliseconds) {
  say("Not saved — Retry", "retry")
  return new Promise((resolve) => {
    retryNow = resolve
    setTimeout(resolve, milliseconds)
  }).then(() => say("Saving…", "saving"))
}

export function say(words, state) {
  const saved = document.getElementById("saved")
  const text = saved?.querySelector(".saved__words")
  if (!text) return
  saved.dataset.state = state
  text.textContent = words
}

// For people who listen: what a move or a change has done.
export function announce(words) {
  const place = document.getElementById("say")
  place.textContent = ""
  requestAnimationFrame(() => (place.textContent = words))
}

export function currentTab() {
  return document.querySelector("#panel [role=tab][aria-selected=true]")?.dataset.tab ?? ""
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#saved[data-state=retry]")) retryNow?.()
})
addEventListener("online", () => retryNow?.())
addEventListener("beforeunload", (event) => {
  document.dispatchEvent(new Event("editor:leaving"))
  if (waiting) event.preventDefault()
})
