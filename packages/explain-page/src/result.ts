import { type Advice, adviceOf } from './advice.ts'
import { chainSection } from './chain-section.ts'
import { card, chip, chips, textField } from './controls.ts'
import type { Findings } from './findings.ts'
import { type Html, literal, markup } from './markup.ts'
import type { ExplainPageOptions, PreparedRequest } from './options.ts'
import { type Credential, FIELDS, METHODS, type Question, whoOf } from './question.ts'
import { code, decisionSentence, grantSentence, headline } from './sentences.ts'

/** What is known about the request that is explained. */
export interface Explained {
  readonly question: Question
  /** Absent if the question could not be read. */
  readonly findings?: Findings
  /** The origin of the app, for `curl`. */
  readonly origin: string
}

export function result({ question, findings, origin }: Explained, options: ExplainPageOptions): Html {
  const kept = markup`<input type="hidden" name="${FIELDS.kept}" value="${whoOf(question.credential)}" />`
  if (findings === undefined) {
    return markup`<main id="result" class="result" tabindex="-1">
      ${kept}
      <h1 id="headline" tabindex="-1">That cannot be asked</h1>
      <div class="advice" role="note"><p>${question.problem}</p></div>
      ${requestSection(question, undefined, options)}
    </main>`
  }
  const { explanation, failure, user } = findings
  const advice = adviceOf(findings, question)
  return markup`<main id="result" class="result" tabindex="-1">
    ${kept}
    <header class="hero ${failure === undefined ? 'passes' : 'refused'}">
      <p class="target">
        <span class="method">${question.method}</span> <span class="path">${literal(question.path)}</span>
        <span class="status">${failure === undefined ? 'passes' : `${failure.status} ${failure.body.reason ?? ''}`}</span>
      </p>
      <h1 id="headline" tabindex="-1">${headline(findings)}</h1>
      ${user === undefined ? undefined : groups(user.groups)}
      ${question.isFirst === true ? WELCOME : undefined}
    </header>
    ${advice === undefined ? undefined : adviceNote(advice, findings)}
    ${explanation.warnings.map((warning) => markup`<p class="warning">Warning: ${literal(warning)}</p>`)}
    <div class="columns">
      <div class="column">
        ${chainSection(explanation)} ${options.authorizer === undefined ? undefined : actingSection(question, findings, options)}
      </div>
      <div class="column">
        ${requestSection(question, findings, options)} ${curlSection(curlCommand(question, origin, options.prepared ?? []))}
      </div>
    </div>
    ${auditSection(findings)}
  </main>`
}

const WELCOME = markup`<p class="lede">
  This is what your browser sent. Choose another caller, and see what each authenticator says.
</p>`

function groups(names: readonly string[]): Html {
  if (names.length === 0) return markup`<p class="soft">in no group</p>`
  return markup`<ul class="groups" aria-label="Groups">
    ${names.map((name) => markup`<li>${literal(name)}</li>`)}
  </ul>`
}

function adviceNote({ why, whatToDo }: Advice, { refusedBy, failure }: Findings): Html {
  const client =
    refusedBy === 'authentication'
      ? markup`The client only learns ${code('401 Unauthorized')}, whatever the reason.`
      : markup`The client learns ${code(failure?.body.message ?? '')}.`
  return markup`<div class="advice" role="note">
    <p><b>Why</b> <span>${why}</span></p>
    <p><b>What to do</b> <span>${whatToDo}</span></p>
    <p class="soft">${client}</p>
  </div> `
}

function requestSection(
  question: Question,
  findings: Findings | undefined,
  { paths = [] }: ExplainPageOptions,
): Html {
  const options = METHODS.map(
    (method) =>
      markup`<option${method === question.method ? markup` selected` : undefined}>${method}</option>`,
  )
  const path = question.suggestedPath ?? question.path
  return card('request', 'What they may do', [
    decisionOf(findings),
    chips(
      'Other requests',
      paths.map((each) => chip(FIELDS.go, each, each === question.path, each)),
    ),
    markup`<div class="request-line">
      <label class="visually-hidden" for="method">Method</label>
      <select id="method" name="${FIELDS.method}">
        ${options}
      </select>
      ${textField({ id: 'path', name: FIELDS.path, label: 'Path', isLabelHidden: true, value: path })}
      <button class="secondary">Ask</button>
    </div>`,
  ])
}

function decisionOf(findings: Findings | undefined): Html | undefined {
  if (findings === undefined) return undefined
  const { decision, refusedBy, failure } = findings
  if (decision !== undefined) {
    const grant = decision.isAllowed ? grantSentence(decision) : undefined
    return markup`<p class="decision ${decision.isAllowed ? 'allowed' : 'forbidden'}">${decisionSentence(decision)}</p>
    ${grant === undefined ? undefined : markup`<p class="soft">${grant}</p>`}`
  }
  if (refusedBy === 'authentication') {
    return markup`<p class="decision">No role is looked up for a request without a user.</p>`
  }
  if (failure !== undefined)
    return markup`<p class="decision forbidden">No role is looked up for a request that is already refused.</p>`
  return markup`<p class="decision allowed">This request needs no role.</p>`
}

function actingSection(
  { actingAs }: Question,
  { user, requester }: Findings,
  { users = [] }: ExplainPageOptions,
): Html {
  const offered = users.map(({ username }, index) =>
    chip(FIELDS.as, index, requester !== undefined && user?.username === username, username),
  )
  const stop = markup`<button class="chip stop" id="stop" name="${FIELDS.as}" value="none">Stop acting</button>`
  const { username, groups: memberships } = actingAs ?? {}
  const isTyped = username !== undefined && !users.some((each) => each.username === username)
  return card('acting', 'See as another user', [
    chips('Users to act as', actingAs === undefined ? offered : [...offered, stop]),
    markup`<details class="other-user" ${isTyped ? markup` open` : undefined}>
      <summary>Another name</summary>
      ${textField({ id: 'as-user', name: FIELDS.asUser, label: 'User', value: username })}
      ${textField({
        id: 'as-groups',
        name: FIELDS.asGroups,
        label: 'Groups, separated by commas',
        value: memberships?.join(', '),
      })}
      <button class="secondary" name="${FIELDS.as}" value="typed">See as this user</button>
    </details>`,
  ])
}

function curlSection(command: string): Html {
  const lines = command.split('\n').map((line) => markup`${literal(line)}\n`)
  return card(
    'curl',
    'The same with curl',
    [],
    markup`<pre class="code" id="curl" tabindex="0" aria-label="curl command" data-text="${command}">${lines}</pre>`,
  )
}

function auditSection({ audit }: Findings): Html | undefined {
  if (audit === undefined) return undefined
  const { auditID: _, requestReceivedTimestamp: __, stageTimestamp: ___, ...lasting } = audit
  const json = tinted(visible(JSON.stringify(lasting, undefined, 2)))
  return card(
    'audit',
    'The audit event',
    [
      markup`<p class="soft">What ${code('auditLog')} writes for such a request, without its id and times.</p>`,
    ],
    markup`<pre class="code" id="audit" tabindex="0" aria-label="audit event">${json}</pre>`,
  )
}

/** JSON whose names are less prominent than its values. */
function tinted(json: string): readonly Html[] {
  return json
    .split(/^(\s*"(?:[^"\\]|\\.)*":)/m)
    .map((part, index) => (index % 2 === 0 ? markup`${part}` : markup`<span class="key">${part}</span>`))
}

/** JSON with everything that cannot be seen escaped. */
function visible(json: string): string {
  return json.replaceAll(unseen, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

const unseen = /[^\n\P{C}]|\p{Zl}|\p{Zp}/gu

/** A `curl` command for the request that is explained. It never contains a credential. */
function curlCommand(
  { credential, method, path, actingAs }: Question,
  origin: string,
  prepared: readonly PreparedRequest[],
): string {
  const users = actingAs === undefined ? [] : [['Impersonate-User', actingAs.username] as const]
  const memberships = (actingAs?.groups ?? []).map((group) => ['Impersonate-Group', group] as const)
  const parts = [
    'curl',
    ...(method === 'GET' ? [] : method === 'HEAD' ? ['--head'] : [`--request ${method}`]),
    ...credentialOptions(credential, prepared),
    ...[...users, ...memberships].map(([name, value]) => `--header ${quoted(`${name}: ${value}`)}`),
    // Otherwise curl reads brackets as a range.
    ...(/[[\]{}]/.test(path) ? ['--globoff'] : []),
    quoted(origin + path),
  ]
  return parts.join(parts.length < 3 ? ' ' : ' \\\n  ')
}

function credentialOptions(credential: Credential, prepared: readonly PreparedRequest[]): readonly string[] {
  const { kind } = credential
  if (kind === 'token') return ['--header "Authorization: Bearer $TOKEN"']
  // curl asks for the password.
  if (kind === 'password') return [`--user ${quoted(credential.username)}`]
  if (kind !== 'prepared') return []
  const chosen = prepared.find(({ name }) => name === credential.name)
  if (chosen?.curl !== undefined) return chosen.curl
  const { requestHeaders = {} } = chosen ?? {}
  const names = typeof requestHeaders === 'function' ? ['Authorization'] : Object.keys(requestHeaders)
  return names.map((name) => `--header "${name}: $CREDENTIAL"`)
}

/** One word of a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
