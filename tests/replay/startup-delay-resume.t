# A Master whose worker was replaced does not wait again.
startup_delay 5
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
@100 < link eth0 index=2 up ip=10.0.0.1
@100 < resume V1 last=99.5 seq=0
@100 < start
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @101
> tell (V1) INIT -> MASTER: was MASTER until the restart just now
@101 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @102
@101 < wait
