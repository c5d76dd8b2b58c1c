import { type Html, literal, markup } from './markup.ts'

/** Marks the chosen button, for eyes and for screen readers. */
export function current(isCurrent: boolean): Html | undefined {
  return isCurrent ? markup` aria-current="true"` : undefined
}

/** A button that asks another question. */
export function chip(name: string, value: string | number, isCurrent: boolean, label: string): Html {
  return markup`<button class="chip" name="${name}" value="${value}" ${current(isCurrent)}>${literal(label)}</button>`
}

/** Several of them; nothing if there are none. */
export function chips(label: string, buttons: readonly Html[]): Html | undefined {
  if (buttons.length === 0) return undefined
  return markup`<div class="chips" role="group" aria-label="${label}">${buttons}</div>`
}

/** A field of a form, which is not filled in by the browser. */
export interface TextField {
  readonly id: string
  readonly name: string
  readonly label: string
  readonly isLabelHidden?: boolean
  readonly value?: string | undefined
  /** Default: shown. */
  readonly secret?: 'token' | 'password'
  /** The credential that the field is a part of. */
  readonly who?: string
}

export function textField({ id, name, label, isLabelHidden = false, value, secret, who }: TextField): Html {
  const hidden = isLabelHidden ? markup` class="visually-hidden"` : undefined
  return markup`<label${hidden} for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      ${value === undefined ? undefined : markup`value="${value}"`}
      ${secret === undefined ? undefined : markup`type="password"`}
      autocomplete="${secret === 'password' ? 'new-password' : 'off'}"
      spellcheck="false"
      autocapitalize="none"
      ${who === undefined ? undefined : markup`data-who="${who}"`}
    />`
}

/** A part of the answer under a heading. */
export function card(id: string, title: string, content: readonly (Html | undefined)[], copied?: Html): Html {
  const heading = markup`<h2 id="${id}-title">${title}</h2>`
  const copy = markup`<button class="copy" type="button" data-copies="${id}" hidden>Copy</button>`
  const head = copied === undefined ? heading : markup`<div class="card-head">${heading} ${copy}</div>`
  return markup`<section class="card ${id}" aria-labelledby="${id}-title">
    ${head} ${content.filter((part) => part !== undefined)} ${copied}
  </section> `
}
