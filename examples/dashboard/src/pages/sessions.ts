import type { UserInfo } from '@kube-authn/core'
import type { storedSessions } from '@kube-authn/login'
import { isAdmin } from '../admins.ts'
import type { Configuration } from '../configuration.ts'
import { escaped } from './html.ts'
import { layout } from './layout.ts'
import { table } from './table.ts'

type Listed = Awaited<ReturnType<ReturnType<typeof storedSessions>['list']>>[number]

/** What the page shows. */
export interface SessionsPage {
  readonly user: UserInfo
  readonly configuration: Configuration
  readonly sessions: readonly Listed[]
  /** Whether these are the sessions of all users. */
  readonly every: boolean
}

/** Where the chain puts the id of a credential. */
const CREDENTIALS = 'authentication.kubernetes.io/credential-id'

/** The sessions of a user, or of all for an admin, each with a button that ends it. */
export function sessionsPage({ user, configuration, sessions, every }: SessionsPage): string {
  const current = user.extra[CREDENTIALS] ?? []
  const rows = sessions
    .toSorted((one, other) => other.startedAtMs - one.startedAtMs)
    .map(({ digest, username, startedAtMs, seenAtMs, endsAtMs }) => {
      const isThis = current.includes(`SESSION=${digest}`)
      return `<tr><th scope="row">${escaped(username)}${isThis ? ' <span class="badge">this browser</span>' : ''}</th>
<td>${time(startedAtMs)}</td><td>${time(seenAtMs)}</td><td>${time(endsAtMs)}</td>
<td><form method="post" action="/sessions/end"><input type="hidden" name="digest" value="${digest}">
<button class="quiet" aria-label="End the session of ${escaped(username)} from ${shown(startedAtMs)}">End</button></form></td></tr>`
    })
    .join('\n')
  const main = `<h1>${every ? 'All sessions' : 'Your sessions'}</h1>
<p class="lead">A page of a session that has ended closes within ${configuration.sessions.checkSeconds} seconds.</p>
${isAdmin(user, configuration.admins) ? scopeLinks(every) : ''}
${table({
  label: 'The sessions',
  caption: 'Sessions',
  headings: ['User', 'Began', 'Last used', 'Ends at the latest', '<span class="hidden">Action</span>'],
  rows,
})}
<form class="end-all" method="post" action="/sessions/end-all"><button>End all of my sessions</button></form>`
  return layout({ title: 'Sessions', user, configuration, main })
}

function scopeLinks(every: boolean): string {
  const link = (href: string, text: string, isCurrent: boolean): string =>
    `<a href="${href}"${isCurrent ? ' aria-current="page"' : ''}>${text}</a>`
  return `<nav class="tabs small" aria-label="Whose sessions">${link('/sessions', 'Mine', !every)}${link('/sessions?of=all', 'Of all users', every)}</nav>`
}

function time(atMs: number): string {
  return `<time datetime="${new Date(atMs).toISOString()}">${shown(atMs)}</time>`
}

/** Scripts show it in the time zone of the browser. */
function shown(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
