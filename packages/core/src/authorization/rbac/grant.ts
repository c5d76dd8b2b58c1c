import { allow, type Decision } from '../decision.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { AnyBinding, Subject } from './objects.ts'
import type { RoleRules } from './role-rules.ts'

/** The place of a grant in the order of evaluation. */
export interface GrantPosition {
  /** The position of the binding in load order, and of the subject in the binding. */
  readonly position: number
  readonly subjectPosition: number
}

/** A binding and one of its subjects. */
export class Grant implements GrantPosition {
  readonly binding: AnyBinding
  readonly subject: Subject
  readonly position: number
  readonly subjectPosition: number
  /** The role that the binding refers to. */
  readonly role: RoleRules
  #decision: Decision | undefined

  constructor(
    binding: AnyBinding,
    subject: Subject,
    position: number,
    subjectPosition: number,
    role: RoleRules,
  ) {
    this.binding = binding
    this.subject = subject
    this.position = position
    this.subjectPosition = subjectPosition
    this.role = role
  }

  /** The decision that this grant leads to; created once. */
  get decision(): Decision {
    return (this.#decision ??= Object.freeze(allow(this.reason())))
  }

  /** The reason, as Kubernetes words it. */
  reason(): string {
    const { kind, name, namespace, roleRef } = this.binding
    const bound = quoted(kind === 'RoleBinding' ? `${name}/${namespace}` : name)
    const role = `${roleRef.kind} ${quoted(roleRef.name)}`
    return `RBAC: allowed by ${kind} ${bound} of ${role} to ${subjectText(this.subject, namespace)}`
  }

  isBefore(other: Grant | undefined): boolean {
    return other === undefined || compareGrants(this, other) < 0
  }
}

/** Orders grants by their positions. */
export function compareGrants(a: GrantPosition, b: GrantPosition): number {
  return a.position - b.position || a.subjectPosition - b.subjectPosition
}

function subjectText({ kind, name, namespace }: Subject, bindingNamespace: string): string {
  if (kind !== 'ServiceAccount') return `${kind} ${quoted(name)}`
  return `${kind} ${quoted(`${name}/${namespace === '' ? bindingNamespace : namespace}`)}`
}
