package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/client-go/util/certificate/csr"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

func encoded(object any) []byte { return got(json.Marshal(object)) }

// access is about users: tokens, certificates, roles, and what they may do.
func access(t *test) {
	account := got(t.client.CoreV1().ServiceAccounts(namespace).Create(t.ctx,
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "robot"}}, metav1.CreateOptions{}))
	seconds := int64(3600)
	issued := got(t.client.CoreV1().ServiceAccounts(namespace).CreateToken(t.ctx, account.Name, &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds},
	}, metav1.CreateOptions{}))
	say("expires", !issued.Status.ExpirationTimestamp.IsZero())

	robot := rest.AnonymousClientConfig(t.config)
	robot.ContentConfig = t.config.ContentConfig
	robot.BearerToken = issued.Status.Token
	asRobot := kubernetes.NewForConfigOrDie(robot)
	say("robot", got(asRobot.AuthenticationV1().SelfSubjectReviews().Create(t.ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})).Status.UserInfo.Username)
	review := got(t.client.AuthenticationV1().TokenReviews().Create(t.ctx,
		&authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: issued.Status.Token}}, metav1.CreateOptions{}))
	say("token review", []any{review.Status.Authenticated, review.Status.User.Username})

	_, err := asRobot.CoreV1().Secrets(namespace).List(t.ctx, metav1.ListOptions{})
	say("without a role", reasonOf(err))
	may := func() bool {
		return got(asRobot.AuthorizationV1().SelfSubjectAccessReviews().Create(t.ctx, &authorizationv1.SelfSubjectAccessReview{
			Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: "list", Resource: "secrets"}},
		}, metav1.CreateOptions{})).Status.Allowed
	}
	before := may()
	got(t.client.RbacV1().Roles(namespace).Create(t.ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "reader"},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}}}}, metav1.CreateOptions{}))
	got(t.client.RbacV1().RoleBindings(namespace).Create(t.ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "readers"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: account.Name}}}, metav1.CreateOptions{}))
	say("may", []bool{before, may()})
	_, err = asRobot.CoreV1().Secrets(namespace).List(t.ctx, metav1.ListOptions{})
	say("with a role", reasonOf(err))

	impersonating := rest.CopyConfig(t.config)
	impersonating.Impersonate = rest.ImpersonationConfig{UserName: "jane", Groups: []string{"ops"}}
	jane := got(kubernetes.NewForConfigOrDie(impersonating).AuthenticationV1().SelfSubjectReviews().Create(t.ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{}))
	say("impersonated", []any{jane.Status.UserInfo.Username, jane.Status.UserInfo.Groups})

	must(t.client.CoreV1().ServiceAccounts(namespace).Delete(t.ctx, account.Name, metav1.DeleteOptions{}))
	_, err = asRobot.CoreV1().Secrets(namespace).List(t.ctx, metav1.ListOptions{})
	say("after the account", reasonOf(err))
	certificate(t)
}

// certificate requests one, approves it, and uses it.
func certificate(t *test) {
	sent, key := newRequest()
	requests := t.client.CertificatesV1().CertificateSigningRequests()
	name, uid, err := csr.RequestCertificate(t.client, sent, "kim", certificatesv1.KubeAPIServerClientSignerName, nil, []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth}, key)
	must(err)
	request := got(requests.Get(t.ctx, name, metav1.GetOptions{}))
	say("requested by", request.Spec.Username)
	request.Status.Conditions = append(request.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Tested"})
	got(requests.UpdateApproval(t.ctx, name, request, metav1.UpdateOptions{}))

	one := fields.OneTermEqualSelector("metadata.name", name).String()
	signed := got(watchtools.UntilWithSync(t.ctx, &cache.ListWatch{
		ListFunc: func(options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector = one
			return requests.List(t.ctx, options)
		},
		WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = one
			return requests.Watch(t.ctx, options)
		},
	}, &certificatesv1.CertificateSigningRequest{}, nil, func(event watch.Event) (bool, error) {
		return len(event.Object.(*certificatesv1.CertificateSigningRequest).Status.Certificate) > 0, nil
	})).Object.(*certificatesv1.CertificateSigningRequest)
	say("same request", signed.UID == uid)

	kim := rest.AnonymousClientConfig(t.config)
	kim.ContentConfig = t.config.ContentConfig
	kim.CertData = signed.Status.Certificate
	kim.KeyData = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: got(x509.MarshalECPrivateKey(key))})
	who := got(kubernetes.NewForConfigOrDie(kim).AuthenticationV1().SelfSubjectReviews().Create(t.ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{}))
	say("certificate", []any{who.Status.UserInfo.Username, who.Status.UserInfo.Groups})
}

// newRequest is a certificate request for kim in PEM, with its key.
func newRequest() ([]byte, *ecdsa.PrivateKey) {
	key := got(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	subject := pkix.Name{CommonName: "kim", Organization: []string{"ops"}}
	der := got(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key))
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), key
}
