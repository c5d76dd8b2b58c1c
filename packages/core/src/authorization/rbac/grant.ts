import { allow, type Decision } from '../decision.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { AnyBinding, PolicyRule, Subject } from './objects.ts'

/** A binding and one of its subjects. */
export class Grant {
  readonly binding: AnyBinding
  readonly subject: Subject
  /** The position of the binding in load order, and of the subject in the binding. */
  readonly position: number
  readonly subjectPosition: number
  /** The rules of the role that the binding refers to, or an error message if there is no such role. */
  readonly rules: readonly PolicyRule[] | string
  #decision: Decision | undefined

  constructor(
    binding: AnyBinding,
    subject: Subject,
    position: number,
    subjectPosition: number,
    rules: readonly PolicyRule[] | string,
  ) {
    this.binding = binding
    this.subject = subject
    this.position = position
    this.subjectPosition = subjectPosition
    this.rules = rules
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
    if (other === undefined || this.position < other.position) return true
    return this.position === other.position && this.subjectPosition < other.subjectPosition
  }
}

function subjectText({ kind, name, namespace }: Subject, bindingNamespace: string): string {
  if (kind !== 'ServiceAccount') return `${kind} ${quoted(name)}`
  return `${kind} ${quoted(`${name}/${namespace === '' ? bindingNamespace : namespace}`)}`
}
