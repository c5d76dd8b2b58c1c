/** The reader of YAML for the other packages of kube-authn, apart from the internal entry, so that an app without YAML does not load it. @module */
export { yamlDocument, yamlDocuments } from '../internal/yaml/yaml-documents.ts'
