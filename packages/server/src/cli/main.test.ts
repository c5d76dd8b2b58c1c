import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { COMMAND } from '../../test/command.ts'

const pretend = (version: string): string => {
  const versions = JSON.stringify({ ...process.versions, node: version })
  return `data:text/javascript,Object.defineProperty(process,'versions',{value:${encodeURIComponent(versions)}})`
}

const runAs = (version: string): Promise<readonly [stdout: string, stderr: string]> =>
  new Promise((resolve) => {
    const args = ['--import', pretend(version), COMMAND, '--version']
    execFile(process.execPath, args, (_error, stdout, stderr) => resolve([stdout, stderr]))
  })

it.each(['18.20.8', '20.18.3', '16.0.0'])(
  'Node.js %s is told which one is needed, in one line',
  async (version) => {
    expect(await runAs(version)).toEqual([
      '',
      `kube-authn: needs Node.js 20.19 or newer, this is ${version}\n`,
    ])
  },
)

it.each(['20.19.0', '22.0.0', '24.1.0', '100.0.0'])('Node.js %s runs the command', async (version) => {
  expect(await runAs(version)).toEqual([expect.stringMatching(/\d/), ''])
})

it('an older Node.js loads nothing before it is told', () => {
  expect(readFileSync(COMMAND, 'utf8')).not.toMatch(/^import |\bfrom "/m)
})
