import type { HttpAnswer } from '@kube-authn/core/adapter'
import type { LoginFailureKind } from '../login-failure.ts'
import { escaped, page } from './page.ts'

const EXPLANATIONS: Readonly<
  Record<LoginFailureKind, { readonly status: number; readonly title: string; readonly text: string }>
> = {
  expired: {
    status: 400,
    title: 'This login is over',
    text: 'It took too long, was completed before, or was begun in another browser. If this happens again, check that cookies are allowed.',
  },
  crossOrigin: {
    status: 403,
    title: 'Not from here',
    text: 'This request was sent by a page of another site, so it was ignored.',
  },
  denied: {
    status: 403,
    title: 'Not logged in',
    text: 'The login was cancelled, or your account may not be used here.',
  },
  notAccepted: {
    status: 403,
    title: 'Not allowed',
    text: 'You are logged in at the identity provider, but this application does not accept your account.',
  },
  badAnswer: {
    status: 502,
    title: 'The login did not work',
    text: 'The identity provider gave an answer that cannot be used. The operator of this application finds the reason in its log.',
  },
  unavailable: {
    status: 503,
    title: 'The login is not available',
    text: 'The identity provider, or a part of this application, does not answer now. Try again in a moment.',
  },
}

const RETRY_SECONDS = 10

/** The page for a failed login. It shows nothing of the request. @param retryUrl where to try again. */
export function failurePage(
  kind: LoginFailureKind,
  retryUrl: string,
  setCookies: readonly string[],
): Promise<HttpAnswer> {
  const { status, title, text } = EXPLANATIONS[kind]
  return page({
    status,
    title,
    main: `<p>${escaped(text)}</p><p><a class="choice" href="${escaped(retryUrl)}">Try again</a></p>`,
    setCookies,
    ...(status === 503 && { retryAfterSeconds: RETRY_SECONDS }),
  })
}

/** The page on which a person chooses a provider. */
export function choosePage(
  title: string,
  choices: readonly { readonly label: string; readonly url: string }[],
): Promise<HttpAnswer> {
  const items = choices.map(
    ({ label, url }) => `<li><a class="choice" href="${escaped(url)}">${escaped(label)}</a></li>`,
  )
  return page({ status: 200, title, main: `<p>Log in with:</p><ul>${items.join('')}</ul>` })
}

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

export function loggedOutPage(loginPath: string): Promise<HttpAnswer> {
  return page({
    status: 200,
    title: 'Logged out',
    main: `<p>You are logged out.</p><p><a class="choice" href="${escaped(loginPath)}">Log in again</a></p>`,
  })
}
