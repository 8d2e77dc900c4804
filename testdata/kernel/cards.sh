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
