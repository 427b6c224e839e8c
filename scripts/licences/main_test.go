package main

import "testing"

const (
	bsd2 = `Redistribution and use in source and binary forms, with or without
		modification, are permitted provided that the following conditions are met:
		1. Redistributions of source code must retain the above copyright notice.
		2. Redistributions in binary form must reproduce the above copyright notice.`
	mit = `Permission is hereby granted, free of charge, to any person obtaining a copy
		of this software […] THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND`
)

func TestRecognise(t *testing.T) {
	for text, want := range map[string]string{
		mit:         "MIT",
		"> " + bsd2: "BSD-2-Clause",
		bsd2 + " Neither the name of X may be used to endorse or promote products": "BSD-3-Clause",
		"":                                     "",
		"All rights reserved.":                 "",
		"GNU GENERAL PUBLIC LICENSE Version 3": "",
		mit + ` "Commons Clause" License Condition`:   "",
		bsd2 + " 3. All advertising materials must …": "",
		"Mozilla Public License Version 2.0":          "",
	} {
		if got, err := recognise(text); got != want || (err == nil) != (want != "") {
			t.Errorf("recognise(%.60q) = %q, %v; want %q", text, got, err, want)
		}
	}
}
