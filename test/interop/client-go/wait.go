package main

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// waitFor polls a condition of which no event tells.
func waitFor(t *test, isSo func() bool) {
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for !isSo() {
		next(t, ticks.C)
	}
}

// reasonOf is the reason of a Status, such as Conflict.
func reasonOf(err error) string {
	if err == nil {
		return "none"
	}
	return string(apierrors.ReasonForError(err))
}
