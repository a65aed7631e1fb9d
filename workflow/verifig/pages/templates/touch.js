// a figure becomes a document of its own, which answers, once the mouse or the keyboard comes to it
for(const hint of document.querySelectorAll('.touch'))hint.hidden=!document.querySelector('.plot img');
for(const plot of document.querySelectorAll('.plot')){const image=plot.querySelector('img'),wake=()=>{
if(plot.querySelector('object')||!image.naturalWidth)return;
const live=document.createElement('object');live.type='image/svg+xml';live.data=image.currentSrc||image.src;live.setAttribute('aria-label',image.alt);
live.style.cssText=image.style.cssText;live.style.aspectRatio=image.naturalWidth/image.naturalHeight;
live.onload=()=>{image.parentElement.style.visibility='hidden'};plot.append(live)};
plot.addEventListener('pointerenter',event=>{if(event.pointerType==='mouse')wake()});plot.addEventListener('focus',wake)}
