#!/bin/sh
# The card commands on real kernel drivers, each held against alsa-utils.
failed=0
check() { # NAME: the command that went before must have succeeded
	if [ $? = 0 ]; then echo "ok    $1"; else echo "FAIL  $1"; failed=1; fi
}
has() { grep -q -- "$1" "$2" || { cat "$2"; false; }; }

# watching PID CARD: waits until the program has the card open, and then some:
# the machine is emulated, and slow.
watching() {
	until ls -l /proc/$1/fd | grep -q "controlC$2$"; do sleep 0.2; done
	sleep 2
}

jackknife card list > list
[ "$(wc -l < list)" = 4 ] && has '^0 *Dummy ' list && has ' HDA-Intel ' list && has ' ENS1370 ' list
check 'card list shows the four cards'

for card in $(awk '{ print $2 }' list); do
	jackknife card show -c $card --json > show && [ "$(grep -c '"element"' show)" = "$(amixer -i -c $card controls | wc -l)" ]
	check "card show lists the elements of $card that amixer lists: $(grep -c '"element"' show)"
	jackknife card save -c $card -o ours -f && rm -f theirs && alsactl -f theirs store $card && cmp ours theirs
	check "card save of $card is alsactl store, to the byte"
	jackknife card load -c $card theirs > changes && [ ! -s changes ] && jackknife card diff -c $card theirs
	check "card load of $card has nothing to do"
done

jackknife card set -c Dummy 'Master Volume' -- -6dB = > set && has '^Master Volume: -30.0 dB -> -6.0 dB, -30.0 dB$' set &&
	amixer -c Dummy cget name='Master Volume' > get && has 'values=80,0' get
check 'card set changes what it should'
amixer -q -c Dummy cset name='CD Capture Switch' on,off
jackknife card get -c Dummy 'CD Capture Switch' > get && has '^CD Capture Switch: on, off$' get
check 'card get sees what amixer set'

jackknife card watch -c Dummy > watch & watch=$!
watching $watch 0
amixer -q -c Dummy cset name='Line Volume' 20,30
for i in $(seq 50); do [ -s watch ] || sleep 0.2; done
kill -INT $watch && wait $watch && has '^Line Volume: -30.0 dB -> -24.0 dB, -21.0 dB$' watch && [ "$(wc -l < watch)" = 1 ]
check 'card watch sees what amixer set, once'

jackknife card get -c Loopback 'PCM Rate Shift 100000' > get && sed 's/:[^:]*$//' get | sort -u > names
[ "$(wc -l < names)" = "$(wc -l < get)" ] && [ "$(wc -l < names)" -gt 1 ] &&
	jackknife card set -c Loopback "$(tail -1 names)" 100100 > set && [ "$(wc -l < set)" = 1 ]
check 'elements that differ in device and subdevice have names of their own'

# Who has a card, as the kernel shows it.
aplay -q -D hw:Dummy -f S16_LE -c 2 -r 48000 /dev/zero & player=$!
until grep -q '^rate' /proc/asound/card0/pcm0p/sub0/hw_params; do sleep 0.2; done
jackknife card doctor -c Dummy > doctor && has "^note: aplay (process $player) has the card" doctor && has "^    kill $player" doctor
check 'card doctor names the program that plays'
kill $player
wait $player
mkdir home && echo 'jackd -d alsa -d hw:Dummy -p 1048576' > home/.jackdrc
HOME=$PWD/home jackknife card doctor -c Dummy > doctor
[ $? = 1 ] && has 'jackd will not start as ~/.jackdrc says: block 1048576: the card takes' doctor
check 'card doctor finds a block that the card does not take'

# The mixer by MIDI, on a simulated card and the kernel's sequencer.
if [ -f /run/share/rack ]; then
	rack=$(cat /run/share/rack)
	ln -s /dev/snd/seq $rack/cards/dev/snd/seq
	on() { env $(cat $rack/env) "$@"; }
	env $(cat $rack/env) jackknife card midi > moved 2> port & midi=$!
	until has Mixer port; do sleep 0.2; done 2>/dev/null
	client=$(sed 's/.*client \([0-9]*\),.*/\1/' port)
	stdbuf -oL aseqdump -p "$client:0" > told & dump=$!
	until [ "$(grep -c 'Control change' told)" -ge 80 ]; do sleep 0.2; done
	has 'Control change *0, controller 20, value 0' told
	check 'card midi tells a new listener where everything stands'
	# controllers 20 (in1 left) to the top, 21 half way, 60 (its left switch) on
	printf 'MThd\0\0\0\6\0\0\0\1\0\140MTrk\0\0\0\020\0\260\024\177\0\260\025\100\0\260\074\177\0\377\057\0' > moves.mid
	aplaymidi -p "$client:0" moves.mid
	for i in $(seq 50); do [ "$(wc -l < moved)" -ge 3 ] || sleep 0.2; done
	on amixer -c 0 cget name='H/W Multi Capture Volume' > get && has 'values=96,48' get &&
		on amixer -c 0 cget name='H/W Multi Capture Switch' > get && has 'values=on,off' get && has '^in1 send: off -> left$' moved
	check 'card midi sets what a desk moves'
	on amixer -q -c 0 cset name='H/W Multi Capture Switch',index=1 on,on
	for i in $(seq 50); do grep -q 'controller 62, value 127' told || sleep 0.2; done
	has 'controller 62, value 127' told && ! grep -q 'controller 20, value 127' told
	check 'card midi tells a desk what another program set, and not what it did itself'
	kill -INT $midi && wait $midi
	check 'card midi ends when it is interrupted'
	kill $dump
fi

hda=$(awk '/HDA-Intel/ { print $1 }' list)
jackknife card watch -c $hda > watch 2> error & watch=$!
watching $watch $hda
echo 1 > "$(readlink -f /sys/class/sound/card$hda/device)/remove"
wait $watch
[ $? = 3 ] && has 'the card is gone' error
check 'a card that is unplugged ends card watch with exit 3'
jackknife card show -c $hda > show 2> error
[ $? = 3 ] && has 'no such card' error
check 'an unplugged card is no card'
exit $failed
