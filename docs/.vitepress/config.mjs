import { defineConfig } from 'vitepress'
import { repository } from '../../.ci/repository.mjs'
import { sidebar } from './sidebar.mjs'

/** A key hole in Kubernetes' blue. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#326ce5"/><path fill="#fff" d="M16 6a6 6 0 0 0-3 11l-2 9h10l-2-9a6 6 0 0 0-3-11"/></svg>',
)}`

export default defineConfig({
  title: 'kube-authn',
  description: 'Kubernetes API-server authentication for any JavaScript web app',
  lang: 'en',
  base: new URL(repository.site).pathname,
  head: [['link', { rel: 'icon', href: ICON }]],
  // `.ci/site.mjs` writes them, from `docs` and the README files.
  srcDir: '.vitepress/pages',
  sitemap: { hostname: repository.site },
  markdown: {
    languageAlias: { haproxy: 'nginx' },
    // The layers of docs/architecture.md, which have no colours.
    languages: [{ name: 'layers', scopeName: 'text.layers', patterns: [], repository: {} }],
    // The anchors of GitHub, which the documents use.
    anchor: {
      slugify: (heading) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
          .replaceAll(' ', '-'),
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Start', link: '/' },
      { text: 'Reference', link: '/reference' },
      { text: 'Security', link: '/security' },
    ],
    sidebar,
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: repository.url }],
    externalLinkIcon: true,
  },
})
