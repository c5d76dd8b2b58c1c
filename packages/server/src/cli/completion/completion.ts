import { Argument, type Command } from 'commander'
import { type Terminal, write } from '../terminal/terminal.ts'
import { bashScript, completedCommands, zshScript } from './scripts.ts'

const AFTER = `
Examples:
  kube-authn completion bash > ~/.local/share/bash-completion/completions/kube-authn
  kube-authn completion zsh > "\${fpath[1]}/_kube-authn"
  source <(kube-authn completion bash)`

/** Declares `kube-authn completion`. */
export function declareCommand(command: Command, terminal: Terminal): void {
  command
    .description(
      'Prints a script with which a shell completes the commands, options and values of kube-authn.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh']))
    .addHelpText('after', AFTER)
    .action(async (shell: 'bash' | 'zsh') => {
      const scriptFor = shell === 'bash' ? bashScript : zshScript
      await write(terminal, scriptFor(completedCommands(command.parent ?? command)))
    })
}
