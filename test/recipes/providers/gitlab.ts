import type { Provider } from './provider.ts'

export const gitlab: Provider = {
  file: 'gitlab',
  issuer: 'https://gitlab.com',
  claims: {
    aud: 'https://my-app.example.com',
    sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
    jti: '235b3a54-b797-45c7-ae9a-f72d7bc6ef5b',
    namespace_id: '68413579',
    namespace_path: 'my-group',
    project_id: '22',
    project_path: 'my-group/my-project',
    user_id: '42',
    user_login: 'jane',
    user_email: 'jane@example.com',
    user_access_level: 'maintainer',
    pipeline_id: '574',
    pipeline_source: 'push',
    job_id: '302',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    environment: 'production',
    environment_protected: 'true',
    runner_environment: 'gitlab-hosted',
    runner_id: 1,
    project_visibility: 'private',
  },
  user: {
    username: 'gitlab:my-group/my-project:branch:main',
    uid: '22',
    groups: ['gitlab:project:my-group/my-project', 'gitlab:environment:production'],
    extra: {
      'authentication.kubernetes.io/credential-id': ['JTI=235b3a54-b797-45c7-ae9a-f72d7bc6ef5b'],
    },
  },
  alsoAccepted: [
    [
      'a job without an environment',
      { environment: undefined, environment_protected: undefined },
      { groups: ['gitlab:project:my-group/my-project'] },
    ],
  ],
  refused: [
    [
      'a job of another group',
      { namespace_id: '99', namespace_path: 'my-group', project_path: 'my-group/my-project' },
      /required claim namespace_id value does not match/,
    ],
    ['a branch that anyone may push to', { ref_protected: 'false' }, /required claim ref_protected/],
    ['a merge request, maybe of a fork', { pipeline_source: 'merge_request_event' }, /not accepted/],
    ['a job with a token for Vault', { aud: 'https://vault.example.com' }, /expected audience/],
    [
      'a user who logged in with GitLab',
      {
        aud: 'https://my-app.example.com',
        sub: '42',
        namespace_id: undefined,
        project_id: undefined,
        groups_direct: ['my-group'],
      },
      /parse uid claim "project_id": claim not present/,
    ],
  ],
}
