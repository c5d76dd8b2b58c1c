import type { HttpAnswer } from '@kube-authn/core/adapter'
import { escaped } from './html.ts'
import { page } from './page.ts'

/** The page that asks before a logout, since a `GET` must not end a session. @param targets where the form may lead to after this origin. */
export function confirmLogoutPage(action: string, targets: readonly string[]): Promise<HttpAnswer> {
  return page({
    status: 200,
    title: 'Log out',
    main: `<p>Do you want to log out?</p><form method="post" action="${escaped(action)}"><button>Log out</button></form>`,
    formTargets: targets,
    hasForm: true,
  })
}

/** The page after a logout. */
export function loggedOutPage(loginPath: string): Promise<HttpAnswer> {
  return page({
    status: 200,
    title: 'Logged out',
    main: `<p>You are logged out.</p><p><a class="choice" href="${escaped(loginPath)}">Log in again</a></p>`,
  })
}
