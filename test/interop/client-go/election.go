package main

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// A candidate is a process that may become the active one.
type candidate struct {
	// leads is closed when it leads, and ended when it no longer tries to.
	leads, ended chan struct{}
	stop         context.CancelFunc
}

// election elects one of two, a second one when the first crashes, and a third one when that releases the lease.
func election(t *test) {
	stand := func(name string, releases bool) candidate {
		ctx, stop := context.WithCancel(t.ctx)
		started := candidate{leads: make(chan struct{}), ended: make(chan struct{}), stop: stop}
		lock := got(resourcelock.New(resourcelock.LeasesResourceLock, namespace, "active", nil, t.client.CoordinationV1(),
			resourcelock.ResourceLockConfig{Identity: name}))
		elector := got(leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock:            lock,
			LeaseDuration:   4 * time.Second,
			RenewDeadline:   3 * time.Second,
			RetryPeriod:     200 * time.Millisecond,
			ReleaseOnCancel: releases,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { close(started.leads) },
				OnStoppedLeading: func() {},
			},
		}))
		go func() {
			elector.Run(ctx)
			close(started.ended)
		}()
		return started
	}
	holder := func() string {
		return *got(t.client.CoordinationV1().Leases(namespace).Get(t.ctx, "active", metav1.GetOptions{})).Spec.HolderIdentity
	}
	leader := func(expected candidate, others ...candidate) string {
		next(t, expected.leads)
		for _, other := range others {
			select {
			case <-other.leads:
				return "more than one"
			default:
			}
		}
		return holder()
	}

	one := stand("one", false)
	say("first", leader(one))
	two := stand("two", true)
	one.stop()
	next(t, one.ended)
	say("after a crash", leader(two))
	three := stand("three", true)
	say("only one", leader(two, three))
	two.stop()
	next(t, two.ended)
	say("after a release", leader(three))

	leases := got(t.client.CoordinationV1().Leases(namespace).List(t.ctx, metav1.ListOptions{}))
	for _, lease := range leases.Items {
		say("list", map[string]any{
			"name":        lease.Name,
			"holder":      lease.Spec.HolderIdentity,
			"seconds":     lease.Spec.LeaseDurationSeconds,
			"transitions": lease.Spec.LeaseTransitions,
			"acquired":    !lease.Spec.AcquireTime.After(lease.Spec.RenewTime.Time),
		})
	}
	// Microseconds are kept in both directions, as in a cluster.
	exact := metav1.NewMicroTime(time.UnixMicro(1_700_000_000_123_456))
	lease := leases.Items[0]
	lease.Spec.RenewTime = &exact
	three.stop()
	next(t, three.ended)
	lease.ResourceVersion = ""
	lease.Name = "exact"
	lease.UID = ""
	say("exact", got(t.client.CoordinationV1().Leases(namespace).Create(t.ctx, &lease, metav1.CreateOptions{})).Spec.RenewTime.UnixMicro())
}
