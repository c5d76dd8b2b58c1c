import type { Command, Option } from 'commander'

/** A name with what it stands for. */
export interface Described {
  readonly name: string
  readonly description: string
}

/** An option that takes a value. */
export interface ValueOption {
  /** `--kind`, `-k`. */
  readonly names: readonly string[]
  /** Its values; empty if it takes any, such as a file. */
  readonly choices: readonly string[]
}

/** What can be completed after a command. */
export interface CompletedCommand {
  /** `''`, `check`, `create token`. */
  readonly path: string
  readonly commands: readonly Described[]
  readonly options: readonly Described[]
  readonly valueOptions: readonly ValueOption[]
  /** The values of its argument; empty if it takes any, such as a file. */
  readonly choices: readonly string[]
}

/** The command and all commands below it. */
export function completedCommands(
  command: Command,
  path: readonly string[] = [],
): readonly CompletedCommand[] {
  const { commands, options, registeredArguments } = command
  const own: CompletedCommand = {
    path: path.join(' '),
    commands: commands.map((each) => ({ name: each.name(), description: each.summary() })),
    options: [
      ...options.map((each) => ({ name: each.long ?? each.short ?? '', description: each.description })),
      { name: '--help', description: 'print this help' },
    ],
    valueOptions: options.filter(takesValue).map((each) => ({
      names: [each.long, each.short].filter((name) => name !== undefined && name !== null),
      choices: each.argChoices ?? [],
    })),
    choices: registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  }
  return [own, ...commands.flatMap((each) => completedCommands(each, [...path, each.name()]))]
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}
