// Sets the owner of the repository on GitHub, from which packages, their README files and the site derive every address.
//
// usage: npm run owner -- NAME
//        node .ci/owner.mjs --check   fails if it is not set
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PLACEHOLDER, repositoryOf } from './repository.mjs'

/** GitHub's rule: letters, digits and single hyphens, 39 characters at most. */
const NAME = /^(?!.*--)[a-z\d](?:[a-z\d-]{0,37}[a-z\d])?$/i

/** The text of a root package.json, with the repository of another owner. */
export function withOwner(text, owner) {
  if (!NAME.test(owner) || owner === PLACEHOLDER)
    throw new Error(`"${owner}" is not the name of a GitHub account`)
  const { git, name } = repositoryOf(JSON.parse(text))
  return text.replace(git, `git+https://github.com/${owner}/${name}.git`)
}

function main([given]) {
  const file = new URL('../package.json', import.meta.url)
  const text = readFileSync(file, 'utf8')
  if (given === '--check') {
    if (repositoryOf(JSON.parse(text)).owner !== PLACEHOLDER) return
    throw new Error('package.json does not name the owner of the repository: run `npm run owner -- NAME`')
  }
  if (given === undefined) throw new Error('usage: npm run owner -- NAME')
  writeFileSync(file, withOwner(text, given))
  console.log(`The repository is ${repositoryOf(JSON.parse(readFileSync(file, 'utf8'))).url}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2))
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
