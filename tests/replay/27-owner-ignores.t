# Row 27: with owner_ignore_adverts an owner ignores every advert (RFC 3768 §7.1).
instance V1 eth0 vrid=51 prio=255 addr=10.0.0.100 MASTER owner_ignore
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @1
> arm V1 SecondBurst @5
> tell (V1) INIT -> MASTER: owner of the addresses (priority 255)
@0.5 < advert prio=200
> note (V1) advert from 10.0.0.2 on eth0 ignored: we own the addresses and ignore adverts
@0.7 < advert prio=255 from=10.0.0.2
> note (V1) advert from 10.0.0.2 on eth0 ignored: we own the addresses and ignore adverts
@0.9 < advert prio=0 from=10.0.0.2
> note (V1) advert from 10.0.0.2 on eth0 ignored: we own the addresses and ignore adverts
@1 < show V1
> V1 MASTER wants=MASTER prio=255 source=10.0.0.1 interval=1 sent:1 become:1 owner:3
