import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const workspace = fileURLToPath(new URL('../..', import.meta.url))
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'publishing-'))
  cpSync(join(workspace, 'package.json'), join(root, 'package.json'))
  cpSync(join(workspace, '.ci'), join(root, '.ci'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

function node(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  return { status, output: `${stdout}${stderr}` }
}

const manifest = (): string => readFileSync(join(root, 'package.json'), 'utf8')
const PUBLISHED = `
import { publishedManifest } from './.ci/published-manifest.mjs'
console.log(JSON.stringify(publishedManifest({ name: '@kube-authn/koa', exports: {}, devDependencies: { koa: '3' } })))`

describe('npm run owner', () => {
  it('sets the owner everywhere, and can be repeated', () => {
    expect(node('.ci/owner.mjs', 'someone-Else7').status).toBe(0)
    expect(node('.ci/owner.mjs', 'jane').status).toBe(0)
    expect(manifest()).not.toMatch(/OWNER|someone/)
    expect(node('.ci/owner.mjs', '--check')).toEqual({ status: 0, output: '' })
    expect(JSON.parse(node('--input-type=module', '--eval', PUBLISHED).output)).toEqual({
      name: '@kube-authn/koa',
      homepage: 'https://jane.github.io/kube-authn/',
      bugs: 'https://github.com/jane/kube-authn/issues',
      repository: {
        type: 'git',
        url: 'git+https://github.com/jane/kube-authn.git',
        directory: 'packages/koa',
      },
      author: 'the kube-authn authors',
      exports: {},
    })
  })

  it.each(['', '-jane', 'jane-', 'ja--ne', 'jane/x', 'jane.doe', 'a'.repeat(40), '$&', 'OWNER'])(
    'refuses %j, which no account can have',
    (name) => {
      const before = manifest()
      expect(node('.ci/owner.mjs', name).status).toBe(1)
      expect(manifest()).toBe(before)
    },
  )

  it('is needed before a release', () => {
    const placeholder = manifest().replace(/github\.com\/[\w-]+\//, 'github.com/OWNER/')
    expect(placeholder).toContain('OWNER')
    writeFileSync(join(root, 'package.json'), placeholder)
    const { status, output } = node('.ci/owner.mjs', '--check')
    expect({ status, output }).toEqual({
      status: 1,
      output: expect.stringContaining('npm run owner -- NAME'),
    })
  })
})

describe('the README of a package on npm', () => {
  const convert = (text: string): string =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { publishedReadme } from ${JSON.stringify(join(workspace, '.ci/pack.mjs'))}
process.stdout.write(publishedReadme('koa', '1.2.3', ${JSON.stringify(text)}))`,
      ],
      { encoding: 'utf8' },
    ).stdout
  const { owner = '' } = /github\.com\/(?<owner>[\w-]+)/.exec(
    readFileSync(join(workspace, 'package.json'), 'utf8'),
  )?.groups ?? { owner: '' }
  const url = `https://github.com/${owner}/kube-authn`

  it.each([
    ['[a](../../docs/tokens.md#openid-connect)', `[a](${url}/blob/v1.2.3/docs/tokens.md#openid-connect)`],
    [
      '<a href="../core/README.md"><img src="https://example.com/a.png"></a>',
      `<a href="${url}/blob/v1.2.3/packages/core/README.md"><img src="https://example.com/a.png"></a>`,
    ],
    ['[a](../../examples/koa-app)', `[a](${url}/tree/v1.2.3/examples/koa-app)`],
    ['[a](../core/README.md) [b](#use)', `[a](${url}/blob/v1.2.3/packages/core/README.md) [b](#use)`],
    ['[a](https://example.com/x) [b](mailto:a@b)', '[a](https://example.com/x) [b](mailto:a@b)'],
    [
      '```ts\na[0](../x)\n```\n[a](package.json)',
      `\`\`\`ts\na[0](../x)\n\`\`\`\n[a](${url}/blob/v1.2.3/packages/koa/package.json)`,
    ],
    // Refused: outside the repository, or not there.
    ['[a](../../../x)', ''],
    ['[a](../../docs/no-such-page.md)', ''],
  ])('of %j has %j', (text, expected) => {
    expect(convert(text)).toBe(expected)
  })
})
