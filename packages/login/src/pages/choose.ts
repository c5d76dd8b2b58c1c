import type { HttpAnswer } from '@kube-authn/core/adapter'
import { escaped } from './html.ts'
import { page } from './page.ts'

/** A provider to choose. */
export interface Choice {
  readonly label: string
  readonly url: string
}

/** The page on which a person chooses a provider. */
export function choosePage(title: string, choices: readonly Choice[]): Promise<HttpAnswer> {
  const items = choices.map(
    ({ label, url }) => `<li><a class="choice" href="${escaped(url)}">${escaped(label)}</a></li>`,
  )
  return page({ status: 200, title, main: `<p>Log in with:</p><ul>${items.join('')}</ul>` })
}
