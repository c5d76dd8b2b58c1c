import { current, textField } from './controls.ts'
import { type Html, literal, markup } from './markup.ts'
import type { ExplainPageOptions, PreparedRequest } from './options.ts'
import { type Credential, FIELDS, whoOf } from './question.ts'

export function picks({ prepared = [] }: ExplainPageOptions, chosen: Credential): Html {
  const groups = [...new Set(prepared.map(({ group }) => group))].map((group) =>
    list(
      group ?? 'Prepared',
      prepared
        .filter((each) => each.group === group)
        .map((each) => pick({ kind: 'prepared', name: each.name }, each, chosen)),
    ),
  )
  const own = list('This browser', [
    pick({ kind: 'current' }, { name: 'This request', description: 'what this browser sent' }, chosen),
    pick({ kind: 'none' }, { name: 'No credential', description: 'a request without one' }, chosen),
  ])
  return markup`<nav class="picks" aria-label="Who makes the request">
    <h2 class="picks-title">Who is asking?</h2>
    ${groups}${own}${paste(chosen)}
  </nav>`
}

function list(heading: string, items: readonly Html[]): Html {
  return markup`<section class="pick-group">
    <h3>${literal(heading)}</h3>
    <ul>
      ${items}
    </ul>
  </section> `
}

function pick(
  credential: Credential,
  { name, description }: Pick<PreparedRequest, 'name' | 'description'>,
  chosen: Credential,
): Html {
  const who = whoOf(credential)
  return markup`<li>
    <button class="pick" name="${FIELDS.who}" value="${who}" ${current(who === whoOf(chosen))}>
      <span class="avatar" aria-hidden="true">${String.fromCodePoint(name.codePointAt(0) ?? 0).toUpperCase()}</span>
      <span class="pick-name">${literal(name)}</span>
      <span class="pick-how">${literal(description)}</span>
    </button>
  </li> `
}

function paste({ kind }: Credential): Html {
  const isOpen = kind === 'token' || kind === 'password' ? markup` open` : undefined
  const explain = (who: 'token' | 'password'): Html =>
    markup`<button class="secondary" name="${FIELDS.who}" value="${who}" ${current(kind === who)}>Explain the ${who}</button>`
  return markup`<details class="paste" ${isOpen}>
    <summary>Paste a credential</summary>
    <p class="hint">
      It is checked once, as a request with it would be. It is neither shown, nor logged, nor kept here.
    </p>
    ${textField({ id: 'token', name: FIELDS.token, label: 'Bearer token', secret: 'token', who: 'token' })}
    ${explain('token')}
    ${textField({ id: 'username', name: FIELDS.username, label: 'User name', who: 'password' })}
    ${textField({ id: 'password', name: FIELDS.password, label: 'Password', secret: 'password', who: 'password' })}
    ${explain('password')}
  </details> `
}
