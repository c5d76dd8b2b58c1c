// Where the repository is. The one place that says so is `repository` in the root package.json, which `npm run owner -- NAME` sets.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The owner in a copy of this repository that has none yet. */
export const PLACEHOLDER = 'OWNER'

export const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** What a manifest says of a repository: its owner and name on GitHub, its address, its site, and its authors. */
export function repositoryOf({ repository, author }) {
  const { owner, name } = /^git\+https:\/\/github\.com\/(?<owner>[\w-]+)\/(?<name>[\w-]+)\.git$/.exec(
    repository.url,
  ).groups
  return {
    owner,
    name,
    author,
    git: repository.url,
    url: `https://github.com/${owner}/${name}`,
    site: `https://${owner.toLowerCase()}.github.io/${name}/`,
  }
}

export const repository = repositoryOf(manifest)
