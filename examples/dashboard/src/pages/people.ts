import type { UserInfo } from '@kube-authn/core'
import { isAdmin } from '../admins.ts'
import type { Configuration } from '../configuration.ts'
import type { Visitor } from '../visitors.ts'
import { escaped } from './html.ts'
import { groupList, layout } from './layout.ts'

/** What the page shows. */
export interface PeoplePage {
  readonly user: UserInfo
  readonly configuration: Configuration
  readonly visitors: readonly Visitor[]
}

/** The cluster adds it to every user. */
const IMPLIED = 'system:authenticated'

/** A page on which an admin chooses a user to see the cluster as; `undefined` for users who are no admins. */
export function peoplePage({ user, configuration, visitors }: PeoplePage): string | undefined {
  if (!isAdmin(user, configuration.admins)) return undefined
  const others = visitors.filter(({ username }) => username !== user.username)
  const rows = others
    .map(({ username, groups }) => {
      const sent = groups.filter((group) => group !== IMPLIED)
      const fields = sent.map((group) => hidden('asGroup', group)).join('')
      return `<li class="card row"><div><strong>${escaped(username)}</strong>${groupList(sent)}</div>
<form method="get" action="/">${hidden('as', username)}${fields}<button>See as ${escaped(username)}</button></form></li>`
    })
    .join('\n')
  const list =
    rows === ''
      ? '<p class="message">No other user has opened the dashboard since it started.</p>'
      : `<ul class="rows">${rows}</ul>`
  const main = `<h1>See as another user</h1>
<p class="lead">You see the objects that the cluster shows to them. Audit logs have both names.</p>
${list}
<form class="card fields" method="get" action="/">
<h2>Another user</h2>
<label>Name <input name="as" required autocomplete="off" spellcheck="false"></label>
<label>Group <input name="asGroup" autocomplete="off" spellcheck="false"></label>
<button>See as this user</button>
</form>`
  return layout({ title: 'See as', user, configuration, main })
}

function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${escaped(value)}">`
}
