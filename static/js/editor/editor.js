// The editor's page: one listener for clicks on what has data-do, and the parts that listen for
// themselves. Nothing is bound to elements that a swap may replace.
import { openAdder, openLibrary, pickOffer, pickKind } from "./adder.js"
import { fit, larger, smaller } from "./canvas.js"
import { card, closePanel, idOf, select, selectedId, showTurn } from "./cards.js"
import { operate } from "./changes.js"
import { copyStep } from "./clipboard.js"
import { openDialog } from "./dialogs.js"
import { closeMenu, openMenu } from "./menu.js"
import { startMoving } from "./moving.js"
import { addBranch, changeForm, chooseStart, keepMine, reveal, showField, showTab, takeTheirs } from "./panel.js"
import { insertValue, showAllValues } from "./picker.js"
import { removeValue, togglePipe } from "./then.js"
import { justDragged } from "./drag.js"
import "./keys.js"
import "./code-field.js"
import "./token-field.js"

const DOINGS = {
  add: (button) => openAdder(button),
  library: (button) => openLibrary(button),
  pick: (offer) => pickOffer(offer),
  kind: (button) => pickKind(button),
  select: (link) => select(idOf(link)),
  close: () => closePanel(),
  turn: (button) => showTurn(button.dataset.loop, button.dataset.item),
  menu: (button) => openMenu(button),
  move: () => startMoving(card(closeMenu())),
  duplicate: () => operate({ op: "duplicate", id: closeMenu() }),
  toggle: () => operate({ op: "toggle", id: closeMenu() }),
  remove: () => operate({ op: "remove", id: closeMenu() }),
  copy: () => copyStep(closeMenu()),
  undo: () => operate({ op: "undo" }),
  redo: () => operate({ op: "redo" }),
  smaller,
  larger,
  fit,
  dialog: (link) => openDialog(link.href),
  problem: (link) => showField(link.dataset.step, link.dataset.field),
  tab: (button) => showTab(button.dataset.tab, true),
  form: (button) => changeForm(button),
  reveal: (button) => reveal(button),
  start: (button) => chooseStart(button),
  "branch-add": (button) => addBranch(button.dataset.key),
  "branch-remove": (button) => operate({ op: "remove_branch", id: selectedId(), key: button.dataset.key }),
  "branch-move": (button) =>
    operate({ op: "move_branch", id: selectedId(), key: button.dataset.key, after: button.dataset.after }),
  "insert-value": (button) => insertValue(button.dataset.path),
  "more-values": () => showAllValues(),
  then: (button) => togglePipe(button),
  "then-remove": () => removeValue(),
  "keep-mine": () => keepMine(),
  "take-theirs": () => takeTheirs(),
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do]")
  if (!target || target.getAttribute("aria-disabled") === "true") {
    if (target) event.preventDefault()
    return
  }
  const isOther = event.ctrlKey || event.metaKey || event.shiftKey || event.button > 0
  if (target.matches("a") && isOther) return
  event.preventDefault()
  if (!justDragged()) DOINGS[target.dataset.do]?.(target)
})
