import { nearestName } from '@kube-authn/core/internal'

/** The name of a controller, and how `--controllers` treats it. */
export interface ControllerName {
  /** That of kube-controller-manager. */
  readonly name: string
  /** Former names, back to 1.6. */
  readonly aliases: readonly string[]
  /** Whether `*` means it, too. */
  readonly isOnByDefault: boolean
}

/**
 * What the values of `--controllers` select: `*` for all that are on by default, `name` for one more, `-name` for one less. The first value that names a controller
 * decides.
 *
 * Source: kubernetes `cmd/kube-controller-manager/app/controllermanager.go`; controller-manager `app/helper.go` IsControllerEnabled.
 */
export function isSelected(
  { name, aliases, isOnByDefault }: ControllerName,
  values: readonly string[],
): boolean {
  const names = new Set([name, ...aliases])
  for (const value of values) {
    if (names.has(value)) return true
    if (value.startsWith('-') && names.has(value.slice(1))) return false
  }
  return isOnByDefault && values.includes('*')
}

/** Whether a controller is named, so that it must be able to run. */
export function isNamed({ name, aliases }: ControllerName, values: readonly string[]): boolean {
  return [name, ...aliases].some((each) => values.includes(each))
}

/** What is wrong with the values of `--controllers`. */
export function controllersProblems(
  all: readonly ControllerName[],
  values: readonly string[],
): readonly string[] {
  const names = all.flatMap(({ name, aliases }) => [name, ...aliases])
  return values.flatMap((value) => {
    const name = value.startsWith('-') ? value.slice(1) : value
    if (value === '*' || names.includes(name)) return []
    const near = nearestName(name, names)
    const hint =
      near === undefined ? `they are ${all.map((each) => each.name).join(', ')}` : `did you mean ${near}?`
    return [`${JSON.stringify(value.slice(0, 100))} is no controller: ${hint}`]
  })
}
