import type { UserInfo } from '@kube-authn/core'
import { isAdmin } from '../admins.ts'
import type { Configuration } from '../configuration.ts'
import { escaped } from './html.ts'

/** What every page shows. */
export interface Layout {
  readonly title: string
  readonly user: UserInfo
  readonly configuration: Configuration
  /** HTML in which everything from outside is escaped. */
  readonly main: string
}

/** A page with its header, and the script that ends it with the session. */
export function layout({ title, user, configuration, main }: Layout): string {
  const { checkSeconds } = configuration.sessions
  const pages = [
    ['/', 'Objects'],
    ['/sessions', 'Sessions'],
    ...(isAdmin(user, configuration.admins) ? [['/people', 'See as']] : []),
  ]
  const links = pages
    .map(([href = '', text = '']) => {
      const current = text === title ? ' aria-current="page"' : ''
      return `<a href="${href}"${current}>${text}</a>`
    })
    .join('')
  return `<!doctype html>
<html lang="en" data-check-seconds="${checkSeconds}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)} · Dashboard</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/dashboard.css">
<script type="module" src="/assets/dashboard.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28">Dashboard</a>
<nav aria-label="Pages">${links}</nav>
<div class="account">
<span class="who"><strong>${escaped(user.username)}</strong></span>
<form method="post" action="/logout"><button class="quiet">Log out</button></form>
</div>
</header>
<div id="notice" role="status" aria-live="polite"></div>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>
`
}

/** The groups of a user, as a list. */
export function groupList(groups: readonly string[]): string {
  return `<ul class="chips">${groups.map((group) => `<li>${escaped(group)}</li>`).join('')}</ul>`
}
