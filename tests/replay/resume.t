# Rule 15: an earlier worker was Master a moment ago: advert first, addresses claimed again, the AH
# sequence goes on above the last one.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 auth=ah:sesame12 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@10 < resume V1 last=9.2 seq=40
@10 < start
> advertise V1 prio=100 seq=45 rev=1
> claim V1 repeat=5
> arm V1 Advert @11
> tell (V1) INIT -> MASTER: was MASTER until the restart just now
@11 * V1 Advert
> advertise V1 prio=100 seq=46 rev=1
> arm V1 Advert @12
@11.5 < wait
