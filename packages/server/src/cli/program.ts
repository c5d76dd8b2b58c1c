import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addCheck } from './check/command.ts'
import { addCompletion } from './completion/command.ts'
import { addCreate } from './create/create.ts'
import { addExplain } from './explain/command.ts'
import { addGetToken } from './get-token/command.ts'
import { addHashPassword } from './hash-password/command.ts'
import { addKubeconfig } from './kubeconfig/command.ts'
import { withoutControls } from '@kube-authn/internal/printable'
import { addProxy } from './proxy/command.ts'
import { addRevoke } from './revoke/command.ts'
import { addServe } from './serve/command.ts'
import { addStore } from './store/store.ts'
import { addWhoami } from './whoami/command.ts'

/** The whole command. What a subcommand does is loaded when it runs, so that help is there at once. */
export function program(): Command {
  const root = new Command('kube-authn')
    .description(
      'Kubernetes authentication at the command line: serve, proxy, check files, explain refusals, make credentials.',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ outputError: (text, print) => print(`${oneLine(text)}\n`) })
    .addHelpText('after', AFTER)
  for (const add of [
    addServe,
    addStore,
    addProxy,
    addCheck,
    addExplain,
    addHashPassword,
    addCreate,
    addWhoami,
    addRevoke,
    addGetToken,
    addKubeconfig,
    addCompletion,
  ])
    add(root)
  return root
}

const AFTER = `
Exit codes:
  0    done, and the answer is yes
  1    done, and the answer is no: a file has problems, a request is refused
  2    not done: wrong usage, or a file or server that cannot be used
  130  interrupted by Ctrl+C

Run kube-authn COMMAND --help for the options and examples of a command.`

/** Commander's message with its suggestion, which is another line, and without the value of an unknown option, which may be a secret. */
function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ')
  return withoutControls(line.replace(/^(error: unknown option '[^'=]*)=.*'/s, "$1'"))
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : ''
}
