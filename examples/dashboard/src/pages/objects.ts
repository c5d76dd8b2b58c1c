import type { UserInfo } from '@kube-authn/core'
import type { Configuration } from '../configuration.ts'
import { escaped } from './html.ts'
import { groupList, layout } from './layout.ts'
import { table } from './table.ts'

/** What the page shows. */
export interface ObjectsPage {
  readonly user: UserInfo
  readonly configuration: Configuration
}

/** Who the user is, and the objects of the cluster, which the script fetches as the user. */
export function objectsPage({ user, configuration }: ObjectsPage): string {
  const main = `<section class="card identity" aria-labelledby="who-heading">
<div>
<h1 id="who-heading">You are <span id="username">${escaped(user.username)}</span></h1>
<p id="acting" hidden></p>
</div>
<div><h2 class="label">Groups</h2><div id="groups">${groupList(user.groups)}</div></div>
</section>
<section aria-labelledby="objects-heading">
<div class="bar">
<h2 id="objects-heading">Objects</h2>
<p id="live" class="live"></p>
</div>
<nav id="namespaces" class="tabs" aria-label="Namespaces"></nav>
<nav id="resources" class="tabs small" aria-label="Kinds"></nav>
<p id="message" class="message" role="status">Loading</p>
${table({
  id: 'objects',
  label: 'The list',
  caption: 'Objects of the namespace',
  headings: ['Name', 'Details', 'Created'],
  rows: '',
})}
<noscript><p class="message">The list needs JavaScript.</p></noscript>
</section>`
  return layout({ title: 'Objects', user, configuration, main })
}
