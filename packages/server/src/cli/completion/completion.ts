import { Argument, type Command } from 'commander'
import { type Terminal, write } from '../terminal/terminal.ts'
import { bashScript } from './bash.ts'
import { type CompletedCommand, completedCommands } from './tree.ts'
import { zshScript } from './zsh.ts'

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
      await printCompletion(shell, command.parent ?? command, terminal)
    })
}

const SCRIPTS: Readonly<Record<'bash' | 'zsh', (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
}

/** Prints the completion of a shell. */
export async function printCompletion(
  shell: 'bash' | 'zsh',
  root: Command,
  terminal: Terminal,
): Promise<void> {
  await write(terminal, SCRIPTS[shell](completedCommands(root)))
}
